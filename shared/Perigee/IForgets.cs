namespace Perigee;

/// <summary>What holds rows in memory that other processes or regions change.</summary>
internal interface IForgets
{
    /// <summary>Something of it was changed elsewhere: what is in memory is read again before it is believed much longer.</summary>
    void Forget();
}
